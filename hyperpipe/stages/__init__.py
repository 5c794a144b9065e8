"""The stages of the workflow, one file a stage: read stores, call the rooms' functions, write stores.

A stage's file, and whatever of the package it imports, is the code that its outputs depend on (provenance/identity.py):
so each has its own, and none imports another.
"""
