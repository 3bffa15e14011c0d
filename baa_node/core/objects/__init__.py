"""What goes back as DICOM: headers, identifiers, the picture and the page as objects, and a report read back."""
