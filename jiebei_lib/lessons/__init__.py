"""Lessons: a question bank, a game, a class that answers at the same time, handouts. Content is YAML (topics.yaml, bank/). No pictures."""
