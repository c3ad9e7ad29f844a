"""A borrower with all debts: what is known, what follows, the interview, what people ask, the letters. No page, no terminal."""
