"""Pages that open from disk without a server: what is exported of the rules and readings, the small engine that answers from it in
plain JavaScript, and the pages around it. No sentence, threshold or rule stands in JavaScript: it reads them from what is exported."""
