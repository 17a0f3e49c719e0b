"""The ledger: accounts and transfers. Everything of value is a transfer; see `book` for the rules, `accounts` for the keys."""
