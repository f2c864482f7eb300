"""What a message wants: normalise, match, and the Rasa component around both."""
