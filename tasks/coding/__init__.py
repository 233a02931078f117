"""Coding of transcripts: coders, adjudication, samples for people and their sheets."""
