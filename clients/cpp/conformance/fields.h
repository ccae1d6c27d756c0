#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "remora/client.h"

/// What the suite calls the things of this client.

nlohmann::json event_fields(const remora::v1::ChatResponse& event);
nlohmann::json health_fields(const remora::v1::HealthResponse& health);
nlohmann::json vectors_fields(const remora::v1::EmbedResponse& answer);
nlohmann::json models_fields(const remora::v1::ListModelsResponse& answer);

/// `text`: a stream's text so far; empty for other calls.
nlohmann::json error_fields(const remora::Error& error, const std::string& text);

/// `Answer`: a CompleteResponse or a Completed; `message`: the assistant's turn.
template <class Answer>
nlohmann::json answer_fields(const Answer& answer, const remora::v1::Message& message,
                             const std::string& text);
