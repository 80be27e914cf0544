//! One object of a patch, read member by member (RFC 7396): what is not there stays, `null` brings the
//! default back, anything else is read. Flaws are gathered, so that a caller learns of all at once.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ConfigFlaw, Flawed, pointer};

/// What a value is read as.
pub(super) type Read<T> = Result<T, ConfigFlaw>;

/// The members of one object that nobody has read yet, and what is wrong with those that were.
pub(super) struct Members<'p> {
    at: String,
    rest: BTreeMap<&'p str, &'p Value>,
    pub(super) flaws: Vec<Flawed>,
}

impl<'p> Members<'p> {
    /// Those of `object`, to which `at` points.
    pub(super) fn of(at: String, object: &'p Map<String, Value>) -> Self {
        Self { at, rest: object.iter().map(|(name, value)| (name.as_str(), value)).collect(), flaws: Vec::new() }
    }

    /// Sets `target` to what `read` makes of the member `name`.
    pub(super) fn set<T>(&mut self, name: &str, target: &mut Option<T>, read: impl FnOnce(&Value) -> Read<T>) {
        match self.rest.remove(name) {
            None => {}
            Some(Value::Null) => *target = None,
            Some(value) => match read(value) {
                Ok(value) => *target = Some(value),
                Err(flaw) => self.note(name, flaw),
            },
        }
    }

    /// Replaces `target` by the texts of the list `name`, each as `read` takes it; at most `max` of them.
    pub(super) fn list<T>(&mut self, name: &str, max: usize, target: &mut Vec<T>, read: impl Fn(&str) -> Read<T>) {
        let items = match self.rest.remove(name) {
            None => return,
            Some(Value::Null) => return target.clear(),
            Some(Value::Array(items)) if items.len() <= max => items,
            Some(Value::Array(_)) => return self.note(name, ConfigFlaw::TooMany(max)),
            Some(_) => return self.note(name, ConfigFlaw::WrongType("a list")),
        };
        let mut list = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match text(item).and_then(&read) {
                Ok(item) => list.push(item),
                Err(flaw) => {
                    let place = pointer(&self.pointer(name), &place.to_string());
                    self.flaws.push(Flawed::new(place, flaw));
                }
            }
        }
        *target = list;
    }

    /// Has `read` go on with the object `name`; `null` makes it as if nothing in it had ever been set.
    pub(super) fn object<T: Default>(
        &mut self,
        name: &str,
        target: &mut T,
        read: impl FnOnce(&mut T, &mut Members<'p>),
    ) {
        match self.rest.remove(name) {
            None => {}
            Some(Value::Null) => *target = T::default(),
            Some(Value::Object(object)) => {
                let mut inner = Self::of(self.pointer(name), object);
                read(target, &mut inner);
                self.flaws.extend(inner.close());
            }
            Some(_) => self.note(name, ConfigFlaw::WrongType("an object")),
        }
    }

    /// Notes a flaw of the member `name`.
    pub(super) fn note(&mut self, name: &str, flaw: ConfigFlaw) {
        let pointer = self.pointer(name);
        self.flaws.push(Flawed::new(pointer, flaw));
    }

    /// All flaws; members nobody has read are among them.
    pub(super) fn close(self) -> Vec<Flawed> {
        let Self { at, rest, mut flaws } = self;
        let unknown = rest.into_keys().map(|name| Flawed::new(pointer(&at, name), ConfigFlaw::UnknownMember));
        flaws.extend(unknown);
        flaws
    }

    fn pointer(&self, name: &str) -> String {
        pointer(&self.at, name)
    }
}

/// A text.
pub(super) fn text(value: &Value) -> Read<&str> {
    value.as_str().ok_or(ConfigFlaw::WrongType("a text"))
}

/// A truth.
pub(super) fn flag(value: &Value) -> Read<bool> {
    value.as_bool().ok_or(ConfigFlaw::WrongType("true or false"))
}

/// The whole number that `number` is, however it is written: to JSON Schema, and to who has no integers, `35.0` is 35.
pub fn whole(number: &serde_json::Number) -> Option<u64> {
    // From here on not every whole number is one of these.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let written = || number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..EXACT).contains(number));
    number.as_u64().or_else(|| written().map(|number| number as u64))
}

/// A whole number within bounds.
pub(super) fn number(least: u32, most: u32) -> impl Fn(&Value) -> Read<u32> {
    move |value| {
        let Value::Number(number) = value else { return Err(ConfigFlaw::WrongType("a whole number")) };
        let within = |number: u32| (least..=most).contains(&number);
        let number = whole(number).and_then(|number| u32::try_from(number).ok()).filter(|number| within(*number));
        number.ok_or(ConfigFlaw::OutOfRange { least, most })
    }
}

/// The same, of a number of one octet.
pub(super) fn small(least: u8, most: u8) -> impl Fn(&Value) -> Read<u8> {
    move |value| {
        let bounds = ConfigFlaw::OutOfRange { least: least.into(), most: most.into() };
        number(least.into(), most.into())(value)?.try_into().map_err(|_| bounds)
    }
}

/// One of a few texts; `all` names them to who wrote another.
pub(super) fn one_of<T: Copy>(all: &'static str, choices: &[(&str, T)]) -> impl Fn(&Value) -> Read<T> {
    move |value| {
        let text = text(value)?;
        let choice = choices.iter().find(|(name, _)| *name == text);
        choice.map(|(_, choice)| *choice).ok_or(ConfigFlaw::NoChoice(all))
    }
}

/// A line of up to `max` octets, trimmed.
pub(super) fn line(max: usize) -> impl Fn(&Value) -> Read<String> {
    move |value| {
        let text = text(value)?.trim();
        if text.is_empty() {
            Err(ConfigFlaw::Empty)
        } else if text.len() > max {
            Err(ConfigFlaw::TooLong(max))
        } else if text.contains(char::is_control) {
            Err(ConfigFlaw::ControlCharacter)
        } else {
            Ok(text.to_owned())
        }
    }
}

/// Any text of up to `max` octets.
pub(super) fn source(max: usize) -> impl Fn(&Value) -> Read<String> {
    move |value| match text(value)? {
        "" => Err(ConfigFlaw::Empty),
        text if text.len() > max => Err(ConfigFlaw::TooLong(max)),
        text => Ok(text.to_owned()),
    }
}
