"""What any page is made of: sentences, figures, marks, HTML pieces, the style. Nothing that knows a topic."""
