"""The panel itself: fields, the one model in the browser, the language switch, the state without a browser. No topic."""
