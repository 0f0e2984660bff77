//! Who decides, as it is configured: a model in an engine of this program, or a device.

use super::{Engine, ModelChoice, ModelFolder};
use crate::config::{At, Choice, Fields, Kind, Parsed, Section, Text};
use crate::device::Port;
use scaleiq_core::model::ModelKey;
use serde_json::{Map, Value};

/// Who decides.
#[derive(Clone, Debug)]
pub struct DeciderSettings {
    /// Which model.
    pub model: ModelChoice,
    /// What runs its networks.
    pub engine: Engine,
    /// Where the device is that decides in the place of model and engine, if one does.
    pub device: Option<Port>,
}

/// Engines by their words; `None` is a device.
const ENGINES: Choice<Option<Engine>> = Choice(&[
    ("tract", Some(Engine::Tract)),
    ("tract-f32", Some(Engine::TractF32)),
    ("tract-int8", Some(Engine::TractInt8)),
    ("native", Some(Engine::Native)),
    ("serial", None),
]);

impl DeciderSettings {
    /// The settings `model`, `model_key`, `engine` and `serial`.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let mut model = f.or(
            "model",
            "`shipped` for the model built in, a folder with a card, or `none` for the plan on the \
             experts' forecasts",
            Model,
            ModelChoice::default(),
        );
        let key = f.optional(
            "model_key",
            "the Ed25519 public key with which the folder's card must be signed, as `trainer key` tells it",
            Parsed(|text| text.parse::<ModelKey>().map_err(String::from)),
        );
        match (key, &mut model) {
            (Some(key), ModelChoice::Folder(folder)) => folder.key = Some(key.value),
            (Some(key), _) => {
                let message = "`model_key` is held against the card in a model's folder, and `model` names \
                               none: name one, or take `model_key` out";
                f.problem(key.place, message);
            }
            (None, _) => {}
        }
        let engine =
            f.optional("engine", "what runs the networks, or `serial` for a device", ENGINES);
        let serial = f.optional("serial", "the device that decides", Section(Port::fields));
        match engine.map(|engine| (engine.value, engine.place)) {
            Some((None, place)) => {
                if f.given("serial").is_none() {
                    f.problem(place, format!("`serial.port` is missing: {}", Port::WHAT));
                }
                if let (Some(place), true) = (f.given("model"), model != ModelChoice::Shipped) {
                    let message = "`model` does not matter to the engine `serial`: leave it out, and give \
                                   the device its model with `agent flash-model`";
                    f.problem(place, message);
                }
                Some(Self { model, engine: Engine::default(), device: serial.map(|s| s.value) })
            }
            engine => {
                let engine = engine.and_then(|(engine, _)| engine).unwrap_or_default();
                if let Some(place) = f.given("serial") {
                    let message = format!(
                        "`serial` belongs to the engine `serial`, and the engine is `{}`: write \
                         `engine: serial`, or take it out",
                        engine.word()
                    );
                    f.problem(place, message);
                }
                Some(Self { model, engine, device: None })
            }
        }
    }
}

impl DeciderSettings {
    /// Where the model is from and what runs it, for people.
    #[must_use]
    pub fn origin(&self) -> String {
        let engine = self.engine.word();
        if let Some(port) = &self.device {
            return format!("on {port}; the plan without networks stands in for it");
        }
        match &self.model {
            ModelChoice::Shipped => format!("built in, engine {engine}"),
            ModelChoice::Folder(ModelFolder { path, key }) => {
                let signed = key.map_or(String::new(), |key| format!(", signed with {key}"));
                format!("{}{signed}, engine {engine}", path.display())
            }
            ModelChoice::None => "no networks: the plan on the experts' forecasts".into(),
        }
    }
}

/// A model: a word, or a folder.
struct Model;

impl Kind for Model {
    type Value = ModelChoice;

    fn read(&self, at: &At<'_>) -> Option<ModelChoice> {
        let text = Text.read(at)?;
        Some(match ModelChoice::from(text.as_str()) {
            ModelChoice::Folder(_) => ModelChoice::in_folder(at.path(&text)),
            other => other,
        })
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }

    fn write(&self, value: &ModelChoice) -> Option<Value> {
        (*value == ModelChoice::Shipped).then(|| "shipped".into())
    }
}
