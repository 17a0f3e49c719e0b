-- A batch of codes that has leaked is withdrawn: see campaign/code_batches.py.

alter table code_batch
  add column withdrawn_at timestamptz,
  add column withdrawn_by text,
  add column unused       integer;                      -- so many were withdrawn unused; null until each code is
