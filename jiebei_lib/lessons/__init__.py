"""Lessons: a question bank, a game, a class that answers at the same time, and handouts. Content is YAML, see topics.yaml and bank/."""
