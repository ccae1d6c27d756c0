"""The provider simulator on the wire."""
