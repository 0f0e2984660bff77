//! A struct of numbers and the table of what they are, written once.

/// One tuned number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The struct that it is in: `planner.cheap`, `guard`.
    pub group: &'static str,
    /// Its field.
    pub name: &'static str,
    /// What it is counted in; `1` for a factor.
    pub unit: &'static str,
    /// What it means and what chose it.
    pub doc: &'static str,
    /// Its value.
    pub value: f64,
}

impl Parameter {
    /// Whether it can be counted with: finite and not negative.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.value.is_finite() && self.value >= 0.0
    }
}

/// A number that a table can hold.
pub(super) trait Number: Copy {
    fn get(self) -> f64;
    fn from(value: f64) -> Self;
    fn is_sound(self) -> bool;
}

impl Number for f32 {
    fn get(self) -> f64 {
        f64::from(self)
    }

    fn from(value: f64) -> Self {
        value as f32
    }

    fn is_sound(self) -> bool {
        self.is_finite() && self >= 0.0
    }
}

impl Number for u32 {
    fn get(self) -> f64 {
        f64::from(self)
    }

    fn from(value: f64) -> Self {
        libm::round(value) as u32
    }

    fn is_sound(self) -> bool {
        true
    }
}

/// Writes a struct of public numbers with its `DEFAULT`, its table and a setter by name.
macro_rules! parameters {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $value:expr, $unit:literal; )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])+ #[doc = concat!("\n\nUnit: ", $unit)] pub $field: $type, )+
        }

        impl $name {
            /// The numbers in force where nothing else is said.
            pub const DEFAULT: Self = Self { $( $field: $value, )+ };

            const COUNT: usize = [$( $unit, )+].len();

            pub(super) fn table(&self, group: &'static str) -> [$crate::parameters::Parameter; Self::COUNT] {
                [$(
                    $crate::parameters::Parameter {
                        group,
                        name: stringify!($field),
                        unit: $unit,
                        doc: concat!($($doc),+),
                        value: $crate::parameters::table::Number::get(self.$field),
                    },
                )+]
            }

            pub(super) fn is_sound(&self) -> bool {
                true $( && $crate::parameters::table::Number::is_sound(self.$field) )+
            }

            pub(super) fn set(&mut self, name: &str, value: f64) -> bool {
                match name {
                    $( stringify!($field) => {
                        self.$field = $crate::parameters::table::Number::from(value);
                    } )+
                    _ => return false,
                }
                true
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::DEFAULT
            }
        }
    };
}

pub(super) use parameters;
