"""What goes back as DICOM: headers, identifiers, the parts of a report, the picture and the page as objects, and a report read back."""
