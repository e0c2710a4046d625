-- Run once, when the database's volume is new.
CREATE DATABASE dagster;
CREATE DATABASE mlflow;
CREATE DATABASE events;
