"""Operators' pages."""
