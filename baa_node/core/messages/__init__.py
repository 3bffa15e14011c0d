"""The result of a report in the words of HL7 v2 and FHIR R4: numbers as the record holds them, the rest as the stored report has it."""
