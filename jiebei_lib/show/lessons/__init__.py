"""What pupils and teachers see: quiz, game, offers, board, sheets."""
