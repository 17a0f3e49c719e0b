-- Campaigns: where each stands, and every version of its document. Versions, once written, stay as they are.

create table campaign (
  id text collate "C" primary key,                        -- stands in accounts and addresses, never changes
  state text not null check
    (state in ('draft', 'in_review', 'approved', 'warm_up', 'live', 'wrap_up', 'reviewed', 'archived')),
  paused boolean not null default false,
  stopped boolean not null default false,
  version integer not null,                               -- the newest
  submitted integer not null default 0,                   -- waits for approval; 0: none does
  approved integer not null default 0,                    -- runs, or will
  name_zh text not null,
  name_en text not null,
  zone text not null,
  opens_ms bigint not null,                               -- of the version that runs, before the opening of the newest
  live_ms bigint not null,
  wrap_up_ms bigint not null,
  trouble_zh text not null default '',                    -- why the clock could not move it on
  trouble_en text not null default '',
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  check (not paused or state in ('warm_up', 'live'))
);
create index on campaign (created_at desc, id);
create index campaign_moving on campaign (state) where state in ('approved', 'warm_up', 'live');

create table campaign_version (
  campaign text collate "C" not null references campaign,
  version integer not null,
  text text not null,                                     -- the document, as it was written
  by text not null,
  at timestamptz not null default now(),
  note text not null default '',
  primary key (campaign, version)
);
