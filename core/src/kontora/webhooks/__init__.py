"""Webhooks: what changed, told to the programs of others (Standard Webhooks 1.0)."""
