"""Customers: who they are, what they are known by, what they agreed to, and the history that is imported of them."""
