"""What others say and what was observed: claims of pages, reported cases, and learning from outcomes. No pictures: those are in show."""
