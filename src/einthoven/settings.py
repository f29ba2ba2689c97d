"""The environment: the only module that reads it."""

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`EINTHOVEN_HOME`: the folder that holds everything (default: the platform's folder for application data)."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(default_factory=lambda: user_data_path("einthoven", appauthor=False))
