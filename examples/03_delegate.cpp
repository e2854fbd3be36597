// co_yield from(inner) hands out all that another generator does, or any range. Recursion is as
// cheap as a loop: the next value costs the same at any depth.

#include <weft/weft.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

struct tree {
    std::string name;
    std::unique_ptr<tree> left;
    std::unique_ptr<tree> right;
};

std::unique_ptr<tree> node(std::string name, std::unique_ptr<tree> left = nullptr,
                           std::unique_ptr<tree> right = nullptr) {
    return std::make_unique<tree>(tree{std::move(name), std::move(left), std::move(right)});
}

// The names are the tree's own: nothing is copied.
weft::generator<const std::string&> in_order(const tree* top) {
    if (top == nullptr) co_return;
    co_yield weft::from(in_order(top->left.get()));
    co_yield top->name;
    co_yield weft::from(in_order(top->right.get()));
}

weft::generator<char> letters_of(const tree* top) {
    co_yield weft::from("names:");
    for (const std::string& name : in_order(top)) {
        co_yield ' ';
        co_yield weft::from(name);
    }
}

int main() {
    const auto family = node("Grace", node("Barbara", node("Ada"), node("Edsger")),
                             node("Tony", node("Niklaus"), nullptr));

    for (const std::string& name : in_order(family.get())) std::cout << name << '\n';
    for (char letter : letters_of(family.get())) std::cout << letter;
    std::cout << '\n';
}
