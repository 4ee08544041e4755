"""Named trainings and what is made of them: the catalogue of the book's runs, searches, reproduction, reports."""
