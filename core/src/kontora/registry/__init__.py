"""Declarations and the registries built from them once, then frozen."""
