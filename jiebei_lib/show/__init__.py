"""What people see in notebooks and reports: a room a topic, each with figures, words, a page, a panel. Nothing is worked out here."""
