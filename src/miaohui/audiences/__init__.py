"""Audiences: who is meant. A condition is one line of text, a tree, and one ClickHouse query; see `language` for the words."""
