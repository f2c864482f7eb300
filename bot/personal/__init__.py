"""Personal data: how long it is kept, and what the person it is about may ask for (UU 27/2022)."""
