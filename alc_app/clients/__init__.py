"""What the app calls: the API of ALC and the API of Attio."""
