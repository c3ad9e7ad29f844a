"""How a borrower's whole situation is shown: its words and rows, the letters as files, the interview as a panel."""
