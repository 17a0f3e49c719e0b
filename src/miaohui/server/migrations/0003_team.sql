-- Who works here: operators, their sessions, failed log-ins, the shop's API keys, and what was done (append-only by grant).

create table operator (
  id text collate "C" primary key,                        -- uuid7
  name text not null check (name <> ''),
  role text not null check (role in ('viewer', 'operator', 'admin')),
  password text not null,                                 -- argon2id, with its salt and parameters
  created_at timestamptz not null default now(),
  archived_at timestamptz
);
create unique index operator_name on operator (lower(name)) where archived_at is null;

create table operator_session (
  token_hash bytea primary key,                           -- SHA-256 of the cookie: who reads the table cannot log in with it
  operator text collate "C" not null references operator,
  began_ms bigint not null,
  seen_ms bigint not null
);
create index on operator_session (operator);

create table login_attempt (                              -- written before the password is looked at, removed when it was right
  id bigint generated always as identity primary key,
  name text not null,
  address text not null,
  at_ms bigint not null
);
create index on login_attempt (name, at_ms);
create index on login_attempt (address, at_ms);

create table api_key (
  id text collate "C" primary key,                        -- uuid7
  label text not null check (label <> ''),
  source text not null default 'live' check (source in ('live', 'simulated')),
  key_hash bytea not null unique,                         -- SHA-256 of the key, which is shown once and kept nowhere
  created_by text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table audit (
  seq bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  operator text not null,                                 -- log-in name; "clock" and the like for what acts by itself
  action text not null,                                   -- "campaign.approved"
  subject text not null default '',                       -- what it was done to
  detail jsonb not null default '{}'
);
create index on audit (operator, seq);
create index on audit (action text_pattern_ops, seq);
create index on audit (at);
