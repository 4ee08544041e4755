"""Named trainings and what uses them: the catalogue of the book's runs, searches, reproduction, reports."""
