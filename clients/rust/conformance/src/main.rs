//! Plays one case of the clients' suite with this client: an order as JSON on standard input, what happened as lines of
//! JSON on standard output.

mod order;
mod play;
mod told;

use std::io::Read as _;
use std::process::ExitCode;

use order::Order;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match ordered() {
        Ok(order) => {
            play::played(order).await;
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn ordered() -> Result<Order, Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Order::read(&text)
}
