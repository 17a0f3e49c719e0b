-- The calendar: what operators add to the days everybody knows, and the templates they make. Archived, never deleted.

create table calendar_day (
  id text collate "C" primary key,                        -- uuid7, or the id of a known day that this one stands in for
  kind text not null,
  title_zh text not null,
  title_en text not null,
  class text not null default '',
  rule text not null,                                     -- "every month on 22"
  source text not null default '',
  note text not null default '',
  by text not null,
  changed_at timestamptz not null default now(),
  archived_at timestamptz
);

create table statutory_day (                              -- days off and make-up workdays, as a country announced them
  country text collate "C" not null,
  on_date date not null,
  works boolean not null,
  title_zh text not null,
  title_en text not null,
  source text not null default '',
  by text not null,
  at timestamptz not null default now(),
  primary key (country, on_date)
);

create table lead_time (                                  -- where operators think otherwise than the defaults
  class text collate "C" primary key,
  prepare_workdays integer not null,
  warm_up_days integer not null,
  live_days integer not null,
  by text not null,
  at timestamptz not null default now()
);

create table calendar_country (                           -- whose holidays are shown besides one's own
  country text collate "C" primary key,
  by text not null,
  at timestamptz not null default now(),
  archived_at timestamptz
);

create table calendar_feed (                              -- secret links of calendar programs
  id text collate "C" primary key,
  token_hash bytea not null unique,                       -- SHA-256 of the link's secret, which is shown once
  by text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table campaign_template (
  id text collate "C" primary key,                        -- uuid7
  title_zh text not null,
  title_en text not null,
  text text not null,                                     -- the whole file: questions, then the document
  source text not null,                                   -- the campaign it was made from
  by text not null,
  at timestamptz not null default now(),
  archived_at timestamptz
);
