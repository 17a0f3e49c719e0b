-- What planning keeps beside the document: targets of people, progress and files of tasks, reminders, money spent outside the plays.

create table target_spread (                              -- a proposal of what each person is to bring on each day; never edited
  id bigint generated always as identity primary key,
  campaign text collate "C" not null references campaign,
  goal text not null,
  unit text not null,                                     -- a currency: minor units of it; empty: whole orders, people ...
  from_on date not null,                                  -- accepted, it replaces all earlier ones from this day on
  cells jsonb not null,                                   -- {"2026-09-22": {"wang": 3103703}}
  reason text not null default '',
  proposed_by text not null,
  proposed_at timestamptz not null default now(),
  decided_by text,
  decided_at timestamptz,
  accepted boolean,
  check ((decided_at is null) = (accepted is null) and (decided_at is null) = (decided_by is null))
);
create index on target_spread (campaign, goal, id);
create unique index on target_spread (campaign, goal) where decided_at is null;

create table task_progress (
  campaign text collate "C" not null references campaign,
  task text not null,                                     -- its id in the document
  percent smallint not null check (percent between 0 and 100),
  note text not null default '',
  by text not null,
  at timestamptz not null default now(),
  done_on date,                                           -- when it came to 100
  primary key (campaign, task)
);

create table task_file (                                  -- the bytes lie in the data folder under files/<campaign>/<id>
  id text collate "C" primary key,                        -- uuid7
  campaign text collate "C" not null references campaign,
  task text not null,
  material text not null,                                 -- what it is, as the task lists it
  name text not null,
  media text not null,
  bytes integer not null,
  sha256 text not null,
  by text not null,
  at timestamptz not null default now(),
  archived_at timestamptz,
  archived_by text
);
create index on task_file (campaign, task, id);

create table task_reminder (                              -- once for each task, kind and day; whoever notifies writes sent_at
  campaign text collate "C" not null references campaign,
  task text not null,
  kind text not null check (kind in ('due', 'late')),
  due_on date not null,
  person text not null,
  made_at timestamptz not null default now(),
  sent_at timestamptz,
  primary key (campaign, task, kind, due_on)
);
create index on task_reminder (made_at) where sent_at is null;

create table expense (                                    -- money spent outside the plays; a correction is a row of its own
  id bigint generated always as identity primary key,
  campaign text collate "C" not null references campaign,
  line text not null,                                     -- `for` of the budget's line
  currency text not null,
  amount_minor bigint not null check (amount_minor <> 0),
  spent_on date not null,
  note text not null default '',
  by text not null,
  at timestamptz not null default now()
);
create index on expense (campaign, id);
