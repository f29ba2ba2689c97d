import { Button, type ButtonProps } from "@mantine/core";
import { createLink, type LinkComponent } from "@tanstack/react-router";
import { forwardRef, type AnchorHTMLAttributes } from "react";

type AnchorProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>;

const ButtonAnchor = createLink(
  forwardRef<HTMLAnchorElement, ButtonProps & AnchorProps>(function ButtonAnchor(props, ref) {
    return <Button {...props} component="a" ref={ref} />;
  }),
);

/** A button that goes to another page, with a typed address. */
export const LinkButton: LinkComponent<typeof ButtonAnchor> = (props) => <ButtonAnchor {...props} />;
