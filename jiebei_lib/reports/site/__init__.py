"""The notebooks as pages that run themselves: the runtime, the library packed for it, each notebook's words and first states, the folder
or the one file that holds all of it. What the panels say and work out is theirs; nothing of it stands here."""
