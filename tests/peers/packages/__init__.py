"""The providers' official Python packages, against our simulator and our codecs; needs no Node."""
