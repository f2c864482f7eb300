"""A ticket's life: its states and clock, the changes agents make, and the queue they see."""
