"""Images moved and bent."""
