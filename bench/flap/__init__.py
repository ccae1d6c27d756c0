"""`make flap`: many calls at once while providers come and go; then everything that was taken must have been given back."""
