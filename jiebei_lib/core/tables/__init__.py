"""Tables as people have them: files, delimiters, headings, spellings and maps read into columns, columns scored, files written."""
