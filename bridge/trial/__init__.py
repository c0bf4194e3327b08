"""`casebridge try`: what mappings make of one message, section by section. Nothing is sent, nothing is written."""
