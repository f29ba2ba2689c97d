import { IconArrowLeft } from "@tabler/icons-react";
import { createLink, type LinkComponent } from "@tanstack/react-router";
import { forwardRef, type AnchorHTMLAttributes } from "react";
import css from "./BackLink.module.css";

const ArrowAnchor = createLink(
  forwardRef<HTMLAnchorElement, Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "children" | "className">>(function ArrowAnchor(props, ref) {
    return (
      <a {...props} ref={ref} className={css["back"]}>
        <IconArrowLeft size={18} aria-hidden />
      </a>
    );
  }),
);

/** An arrow before a page's title, to the page that it belongs to; `aria-label` says which. */
export const BackLink: LinkComponent<typeof ArrowAnchor> = (props) => <ArrowAnchor {...props} />;
