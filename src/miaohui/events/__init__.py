"""Events: facts in the past tense. Envelope and names, ingest, the ClickHouse store, the relay, and the way out."""
