//! As whom the agent comes to a NATS server.

use crate::config::{Fields, File, Secret, Text, Token};
use async_nats::ConnectOptions;
use std::io;
use std::path::PathBuf;

/// One of the ways that NATS knows.
#[derive(Clone, Debug)]
pub(super) enum Login {
    Nobody,
    User {
        name: String,
        password: Secret,
    },
    Token(Secret),
    /// The seed of a key pair.
    Nkey(Secret),
    /// A file with a user's JWT and seed, as `nsc` writes it.
    Credentials(PathBuf),
}

/// The fields that each choose another way.
const WAYS: [&str; 4] = ["user", "token", "nkey_seed", "credentials_file"];

impl Login {
    pub(super) fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let secret = Token { min_chars: 1 };
        let user = f.optional("user", "name of a user", Text);
        let password = f.optional("password", "password of `user`: ${env:NAME}", secret);
        let token = f.optional("token", "token, instead of a user: ${env:NAME}", secret);
        let about = "seed of a user's nkey (SU...), instead of a user: ${env:NAME}";
        let nkey = f.optional("nkey_seed", about, secret);
        let about = "file with a user's JWT and seed, as `nsc` writes it, instead of a user";
        let credentials = f.optional("credentials_file", about, File);
        let given: Vec<_> = WAYS.iter().filter(|name| f.given(name).is_some()).collect();
        if let [first, second, ..] = given[..] {
            let place = f.given(second).unwrap_or_else(|| f.place());
            f.problem(place, format!("`{}` and `{first}` are two ways for one", f.name(second)));
        }
        for (name, other) in [("user", "password"), ("password", "user")] {
            if let (Some(place), None) = (f.given(name), f.given(other)) {
                f.problem(place, format!("`{}` needs `{other}` beside it", f.name(name)));
            }
        }
        if let Some((user, password)) = user.zip(password) {
            return Some(Self::User { name: user.value, password: password.value });
        }
        let token = token.map(|given| Self::Token(given.value));
        let nkey = nkey.map(|given| Self::Nkey(given.value));
        let credentials = credentials.map(|given| Self::Credentials(given.value));
        Some(token.or(nkey).or(credentials).unwrap_or(Self::Nobody))
    }

    /// Returns options that come as this.
    ///
    /// # Errors
    /// If a file cannot be read, or is not what it should be.
    pub(super) fn options(&self) -> io::Result<ConnectOptions> {
        let options = ConnectOptions::new();
        Ok(match self {
            Self::Nobody => options,
            Self::User { name, password } => {
                options.user_and_password(name.clone(), password.reveal().into())
            }
            Self::Token(token) => options.token(token.reveal().into()),
            Self::Nkey(seed) => options.nkey(seed.reveal().into()),
            Self::Credentials(path) => {
                let in_file = |why: io::Error| {
                    io::Error::new(why.kind(), format!("{}: {why}", path.display()))
                };
                let text = std::fs::read_to_string(path).map_err(in_file)?;
                options.credentials(&text).map_err(in_file)?
            }
        })
    }

    /// Returns the fields to look at when a server refuses.
    pub(super) fn fields_to_check(&self) -> &'static str {
        match self {
            Self::Nobody => {
                "it wants one of `user` and `password`, `token`, `nkey_seed`, `credentials_file`"
            }
            Self::User { .. } => "check `user` and `password`",
            Self::Token(_) => "check `token`",
            Self::Nkey(_) => "check `nkey_seed`",
            Self::Credentials(_) => "check `credentials_file`",
        }
    }
}
