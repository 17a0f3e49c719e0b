-- Review of a campaign before it opens: signatures, stops set aside, comments, drafts; and the team: departments, roles, absence, notices.

alter table operator drop constraint operator_role_check;  -- a role of `role`, or one of the three that are built in
alter table operator add column department text not null default '';
alter table operator add column email text not null default '';

create table role (                                       -- roles that an administrator has made: a name for a set of permissions
  name text collate "C" primary key,
  title_zh text not null,
  title_en text not null,
  permissions text[] not null,
  by text not null,
  at timestamptz not null default now(),
  archived_at timestamptz
);

create table absence (                                    -- [from_on, until_on): `works` percent of a day are left (0: away)
  id bigint generated always as identity primary key,
  operator text collate "C" not null references operator,
  from_on date not null,
  until_on date not null,
  works integer not null default 0 check (works between 0 and 99),
  why text not null default '',
  by text not null,
  at timestamptz not null default now(),
  archived_at timestamptz,
  check (from_on < until_on)
);
create index on absence (operator, from_on) where archived_at is null;

create table notice (                                     -- what an operator is told, in the console and by e-mail
  id bigint generated always as identity primary key,
  operator text collate "C" not null references operator,
  at timestamptz not null default now(),
  kind text not null,                                     -- "campaign.submitted"
  title_zh text not null,
  title_en text not null,
  path text not null,                                     -- where in the console
  read_at timestamptz,
  mail text not null default 'none' check (mail in ('none', 'waiting', 'sent', 'failed')),
  mail_due timestamptz not null default now(),
  mail_attempts integer not null default 0,
  mail_error text not null default ''
);
create index on notice (operator, id desc);
create index notice_unread on notice (operator) where read_at is null;
create index notice_mail on notice (mail_due) where mail = 'waiting';

create table preflight_limit (                            -- thresholds that this workspace has replaced
  name text collate "C" primary key,
  value numeric not null,
  by text not null,
  at timestamptz not null default now()
);

create table preflight_override (                         -- a stop that is set aside: asked with a reason, agreed by somebody else
  id bigint generated always as identity primary key,
  campaign text collate "C" not null references campaign,
  code text not null,
  path text not null,
  what text not null,                                     -- the very sentence (English): another value is another question
  reason text not null check (reason <> ''),
  asked_by text not null,
  asked_at timestamptz not null default now(),
  decided_by text,
  decided_at timestamptz,
  agreed boolean,
  check (decided_by is null or decided_by <> asked_by),
  check ((decided_by is null) = (agreed is null))
);
create index on preflight_override (campaign, id);
create unique index preflight_override_open on preflight_override (campaign, code, path, what) where agreed is null;

create table campaign_signature (                         -- for one version and no other; voided when it is rejected or edited
  id bigint generated always as identity primary key,
  campaign text collate "C" not null references campaign,
  version integer not null,
  who text not null,                                      -- as whom: an operator, a department; empty: anybody who may approve
  by text not null,
  stands_in boolean not null default false,               -- nobody is called `who`: an administrator signed for it
  note text not null default '',
  at timestamptz not null default now(),
  voided_at timestamptz
);
create unique index campaign_signature_valid on campaign_signature (campaign, version, who) where voided_at is null;

create table campaign_comment (                           -- threads on a field; an answer has the first one's id as `thread`
  id bigint generated always as identity primary key,
  campaign text collate "C" not null references campaign,
  path text not null,                                     -- "plays.noon.price"; empty: the whole campaign
  thread bigint references campaign_comment,
  version integer not null,                               -- the newest one when it was written
  text text not null check (text <> ''),
  by text not null,
  at timestamptz not null default now(),
  resolved_by text,
  resolved_at timestamptz
);
create index on campaign_comment (campaign, id);

create table campaign_draft (                             -- what somebody is writing and has not saved
  campaign text collate "C" not null references campaign,
  operator text collate "C" not null references operator,
  base integer not null,                                  -- the version it was begun from
  text text not null,
  at timestamptz not null default now(),
  primary key (campaign, operator)
);
