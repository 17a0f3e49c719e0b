-- The demo's simulated customers: the operators' switch, their API key, and how far their shop has read the events.

create table demo (
  one boolean primary key default true check (one),
  simulated boolean not null default true,
  api_key bytea,                                          -- encrypted; null: none made yet, or revoked
  heard text not null default ''                          -- cursor of GET /events; empty: nothing read yet
);
insert into demo default values;
