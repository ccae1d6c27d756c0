#pragma once

#include <cstddef>
#include <iterator>

namespace remora {

/// Reads a stream in a range-for: an input iterator, of which one is used at a time. Errors are
/// thrown by `begin` and `++`.
template <class Stream, class Event>
class StreamIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Event;
  using difference_type = std::ptrdiff_t;
  using pointer = const Event*;
  using reference = const Event&;

  /// The end.
  StreamIterator() = default;

  /// Reads the stream's next event.
  explicit StreamIterator(Stream& stream) : stream_(&stream), event_(stream.next()) {}

  reference operator*() const { return *event_; }
  pointer operator->() const { return event_; }

  StreamIterator& operator++() {
    event_ = stream_->next();
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const StreamIterator& a, const StreamIterator& b) {
    return a.event_ == b.event_;
  }
  friend bool operator!=(const StreamIterator& a, const StreamIterator& b) { return !(a == b); }

 private:
  Stream* stream_ = nullptr;
  const Event* event_ = nullptr;
};

}  // namespace remora
