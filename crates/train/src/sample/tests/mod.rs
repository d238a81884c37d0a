//! Tests of what is drawn.

mod drawn_categories;
mod exact_tables;
